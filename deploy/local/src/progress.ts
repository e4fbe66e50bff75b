/** The short list of what has been done, each line with the time it took. */
export interface Progress {
  step<T>(name: string, work: (note: (text: string) => void) => Promise<T>): Promise<T>;
  say(text: string): void;
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1).padStart(6)} s`;

/** Lines on standard output; on a terminal also what is being done right now. */
export const printedProgress = (out: NodeJS.WriteStream = process.stdout): Progress => {
  const running = new Set<string>();
  const clear = (): void => {
    if (out.isTTY) out.write('\r\u001b[K');
  };
  const showRunning = (): void => {
    if (out.isTTY && running.size > 0) out.write(`… ${[...running].join(', ')}`);
  };
  const say = (text: string): void => {
    clear();
    out.write(`${text}\n`);
    showRunning();
  };
  return {
    say,
    async step(name, work) {
      const begun = Date.now();
      running.add(name);
      clear();
      showRunning();
      let remark = '';
      try {
        const result = await work((text) => {
          remark = `  ${text}`;
        });
        running.delete(name);
        say(`✔ ${name.padEnd(14)} ${seconds(Date.now() - begun)}${remark}`);
        return result;
      } catch (error) {
        running.delete(name);
        say(`✘ ${name.padEnd(14)} ${seconds(Date.now() - begun)}`);
        throw error;
      }
    },
  };
};

/** For tests and other programs: nothing is shown. */
export const silentProgress: Progress = { step: (_name, work) => work(() => undefined), say: () => undefined };
