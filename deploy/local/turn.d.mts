/** Waits for this process's turn; answers how to end it. `waiting` is told once which process has it; `signal` gives up waiting. */
export const takeTurn: (
  file: string,
  options?: { waiting?: (pid: number) => void; signal?: AbortSignal | undefined },
) => Promise<() => void>;
