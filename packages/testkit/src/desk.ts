import { type Bus, commandIdOf, type OutCommand, type Payload, sendCommands } from '@jumun/messaging';
import { eventually } from './eventually.ts';

/** Where a saga would sit: sends commands and keeps the replies that come back. */
export interface Desk {
  readonly send: (commands: readonly OutCommand[]) => Promise<void>;
  /** Every reply to a command so far; waits until there are `atLeast`. */
  readonly replies: (commandId: string, atLeast?: number) => Promise<Payload[]>;
  /** Sends one command and answers its first reply. */
  readonly ask: (command: OutCommand) => Promise<Payload>;
  readonly close: () => Promise<void>;
}

/** A desk to which the replies of `repliesTopic` come. */
export const openDesk = async (bus: Bus, repliesTopic: string): Promise<Desk> => {
  const received = new Map<string, Payload[]>();
  const consumer = await bus.consume({
    group: 'desk',
    topics: [repliesTopic],
    handle: (batch) => {
      for (const message of batch) {
        const id = commandIdOf(message) ?? '';
        received.set(id, [...(received.get(id) ?? []), message.payload]);
      }
      return Promise.resolve();
    },
  });
  const replies = (commandId: string, atLeast = 1): Promise<Payload[]> =>
    eventually(() => {
      const all = received.get(commandId) ?? [];
      if (all.length < atLeast) throw new Error(`${all.length} of ${atLeast} replies to ${commandId}`);
      return all;
    });
  return {
    send: (commands) => sendCommands(bus, commands),
    replies,
    ask: async (command) => {
      await sendCommands(bus, [command]);
      return (await replies(command.id))[0] as Payload;
    },
    close: () => consumer.stop(),
  };
};
