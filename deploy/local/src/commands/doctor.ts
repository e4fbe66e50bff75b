const doctor = (): Promise<number> => {
  console.log('npm run doctor     what this machine has of what Jumun needs, and how to get the rest; exit code 0 when it is complete');
  return Promise.resolve(0);
};

export default doctor;
