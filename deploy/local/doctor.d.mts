export function findBinary(...names: string[]): string | undefined;
export function engineAnswers(): boolean;
export function wantedInfra(): 'native' | 'docker' | undefined;
export function doctor(): Promise<boolean>;
