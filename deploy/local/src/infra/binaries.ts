// Plain JavaScript, because the doctor has to run before anything is installed.
export { engineAnswers, findBinary, wantedInfra } from '../../doctor.mjs';
