/** When the process started, in a form that only serves to be compared; undefined when there is none (a zombie counts as none). */
export function startTime(pid: number): string | undefined;
