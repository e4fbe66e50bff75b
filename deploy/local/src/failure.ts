/** Something that a person can mend: says what is wrong and what to do about it. Shown without a stack. */
export class Failure extends Error {
  readonly remedy: string;

  constructor(message: string, remedy: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'Failure';
    this.remedy = remedy;
  }

  override toString(): string {
    return `${this.message}\n  → ${this.remedy.replaceAll('\n', '\n    ')}`;
  }
}
