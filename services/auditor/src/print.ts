import type { CheckReport } from './check.ts';

/** Violations shown of a check; the JSON report has them all. */
const SHOWN = 10;

/** A check as lines of text: its name, what it compared, and what contradicts it, or why it could not look. */
export const printCheck = ({ ok, name, checked, violations, couldNotLook }: CheckReport): string => {
  if (couldNotLook !== undefined) return `? ${name.padEnd(36)}\n    ${couldNotLook}`;
  return [
    `${ok ? '✔' : '✘'} ${name.padEnd(36)} ${String(checked).padStart(9)} checked${ok ? '' : `, ${violations.length} violations`}`,
    ...violations.slice(0, SHOWN).map(({ id, message }) => `    ${id}: ${message}`),
    ...(violations.length > SHOWN ? [`    … and ${violations.length - SHOWN} more`] : []),
  ].join('\n');
};
