/** Waits, blocking, for this process's turn; answers how to end it. `waiting` is told once which process has it. */
export const takeTurn: (file: string, waiting: (pid: number) => void) => () => void;
