/** Colours where a person looks; plain text in files and pipes. */
const paint = (code: number) => (text: string) =>
  process.stdout.isTTY && process.env['NO_COLOR'] === undefined ? `\u001b[${code}m${text}\u001b[0m` : text;

export const bold = paint(1);
export const dim = paint(2);
export const red = paint(31);
export const green = paint(32);

/** An amount of won as it is written: ₩24,900. */
export const won = (amount: number): string => `₩${amount.toLocaleString('en-US')}`;
