import { parseArgs, type ParseArgsConfig } from 'node:util';
import { Failure } from './failure.ts';

/**
 * Reads a command's options, and its arguments where it takes some; `undefined` when help was asked for and has been printed. Unknown ones are
 * a {@link Failure}.
 */
export const readOptions = <T extends NonNullable<ParseArgsConfig['options']>>(
  args: string[],
  help: string,
  options: T,
  { takesArguments = false } = {},
) => {
  if (args.includes('--help') || args.includes('-h')) {
    console.log(help);
    return undefined;
  }
  let read;
  try {
    read = parseArgs({ args, options, allowPositionals: true, strict: true });
  } catch (error) {
    throw new Failure((error as Error).message.split('. ')[0] ?? 'Wrong option.', help);
  }
  if (!takesArguments && read.positionals.length > 0) throw new Failure(`${read.positionals.join(' ')} is not an option.`, help);
  return read;
};

/** A whole number within bounds, from an option's text. */
export const wholeNumber = (name: string, text: string | undefined, { min, max }: { min: number; max: number }): number | undefined => {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new Failure(`--${name} ${text} is not a whole number from ${min} to ${max}.`, `For example: --${name} ${min}`);
};
