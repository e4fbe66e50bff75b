export function findBinary(...names: string[]): string | undefined;
export function engineAnswers(): boolean;
export function doctor(): Promise<boolean>;
