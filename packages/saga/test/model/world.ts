import { advance, begin, definitionsOf, endOf, hasEnded, messagesOf, sagaRunner, stuckOf } from '../../src/index.ts';
import type { Input, Message, Progress, SagaChange, SagaRunner, Transition } from '../../src/index.ts';
import { bookTrip, payableMs } from '../trip.ts';
import type { Trip } from '../trip.ts';
import { Participants, check } from './participants.ts';
import { EventQueue } from './queue.ts';
import { randomOf } from './random.ts';
import type { Random } from './random.ts';
import { Lost, openRows } from './rows.ts';
import type { Rows, Tx } from './rows.ts';

/** The interpreter under test: the real one, or one with a fault put in on purpose. */
export interface Interpreter {
  readonly advance: (progress: Progress<Trip>, input: Input, now: number) => Transition<Trip>;
  readonly messagesOf: (progress: Progress<Trip>) => readonly Message[];
  /** What is wrong about how a runner remembers what it has written. */
  readonly memoryFault?: 'any verdict is believed' | 'kept before the commit' | 'versions are not checked';
}

export const pace = { askAgainMs: 1_000, askAgainMsMax: 8_000, asksMax: 5 };

export const realInterpreter: Interpreter = {
  advance: (progress, input, now) => advance(bookTrip, progress, input, now, pace),
  messagesOf: (progress) => messagesOf(bookTrip, progress),
};

/** What a run saw; summed over all seeds it shows that the faults were really met. */
export interface Seen {
  completed: number;
  refused: number;
  parked: number;
  dropped: number;
  repeated: number;
  crashed: number;
  stale: number;
  /** Moves of a saga that was not read. */
  remembered: number;
  /** Writes that found the saga moved on by the other instance. */
  outrun: number;
  undoFirst: number;
}

export const nothingSeen = (): Seen => ({
  completed: 0,
  refused: 0,
  parked: 0,
  dropped: 0,
  repeated: 0,
  crashed: 0,
  stale: 0,
  remembered: 0,
  outrun: 0,
  undoFirst: 0,
});

const definitions = definitionsOf(bookTrip);

const rarely = (random: Random, most: number): number => (random.chance(0.4) ? 0 : random.next() * most);

/**
 * One run: a few trips that compete for seats, vouchers and money over a network that drops, repeats, delays and reorders, with an
 * orchestrator of two instances, each with a memory of its own, that crash before and after their commits. After `calmAt` the faults stop; what is then parked is retried by a person.
 */
export class World {
  readonly seen: Seen;
  private readonly random: Random;
  private readonly interpreter: Interpreter;
  private readonly participants: Participants;
  private readonly trips = new Map<string, { trip: Trip; acceptedAt: number; cancelled: boolean }>();
  private readonly rows: Rows;
  private readonly instances: SagaRunner<Tx>[];
  private readonly events = new EventQueue();
  private readonly faults: { drop: number; repeat: number; crash: number; failing: number; slow: number; brokenForGood: boolean };
  private readonly calmAt: number;
  private now = 1_000_000;

  constructor(seed: number, interpreter: Interpreter, seen: Seen) {
    const random = randomOf(seed);
    this.random = random;
    this.interpreter = interpreter;
    this.seen = seen;
    const brokenForGood = random.chance(0.15);
    this.faults = {
      drop: rarely(random, 0.5),
      repeat: rarely(random, 0.5),
      crash: rarely(random, 0.4),
      failing: brokenForGood ? random.next() * 0.6 : rarely(random, 0.2),
      slow: rarely(random, 0.3),
      brokenForGood,
    };
    this.calmAt = this.now + random.between(0, 200_000);
    this.rows = openRows({
      random,
      seen,
      fault: interpreter.memoryFault,
      now: () => this.now,
      crashes: () => this.crashes(),
      rival: (instance, id, input) => this.move(id, input, 1 - instance),
      committed: (change, input) => this.committed(change, input),
    });
    this.instances = [this.start(0), this.start(1)];
    this.participants = new Participants(random.between(2, 8), random);
    const trips = random.between(1, 4);
    for (let n = 0; n < trips; n++) this.plan(this.tripOf(n));
  }

  /** Runs to the end and checks what it left behind. */
  async run(): Promise<void> {
    for (let steps = 0; this.events.length > 0; steps++) {
      check(steps < 20_000, 'the run does not come to rest');
      const event = this.events.pop();
      this.now = event.at;
      const running = event.run();
      if (running) await running;
    }
    for (const [id, trip] of this.trips) this.checkAtRest(id, trip);
    this.participants.checkConserved();
  }

  private get calm(): boolean {
    return this.now >= this.calmAt;
  }

  private tripOf(n: number): Trip {
    const { random } = this;
    const traveller = `traveller${random.between(1, 2)}`;
    const price = random.between(0, 5) * 10;
    if (random.chance(0.7)) this.participants.charge(traveller, random.between(0, 8) * 10);
    return {
      tripId: `trip${n}`,
      traveller,
      seats: random.between(1, 4),
      price,
      ...(random.chance(0.5) && { voucher: `voucher${random.between(1, 2)}` }),
      ...(random.chance(0.5) && { payLater: true }),
    };
  }

  /** Accepts a trip, and schedules what its buyer does later: pays, pays twice, cancels, charges the wallet. */
  private plan(trip: Trip): void {
    const { random } = this;
    const id = trip.tripId;
    this.later(random.between(0, 5_000), () => {
      const { progress, messages } = begin(bookTrip, id, trip, this.now, pace);
      this.trips.set(id, { trip, acceptedAt: this.now, cancelled: false });
      this.rows.accept(progress);
      const instance = random.between(0, 1);
      if (this.crashes()) this.instances[instance] = this.start(instance);
      else {
        this.instances[instance]!.accepted([progress]);
        this.send(messages);
      }
      this.scheduleSweep(progress);
    });
    const acts = trip.payLater ? random.between(0, 4) : random.between(0, 1);
    for (let n = 0; n < acts; n++) {
      this.later(random.between(5_000, random.chance(0.5) ? 20_000 : 150_000), () => {
        if (random.chance(0.4)) this.participants.charge(trip.traveller, 20);
        const input = random.chance(0.25) ? { kind: 'cancel' as const, code: 'CANCELLED' } : { kind: 'signal' as const, name: 'payment' };
        return this.move(id, input);
      });
    }
  }

  private start(instance: number): SagaRunner<Tx> {
    const { interpreter } = this;
    return sagaRunner(
      {
        store: this.rows.storeOf(instance, () => this.instances[instance]!),
        definitions,
        pace,
        send: (messages) => {
          if (this.crashes()) return Promise.reject(Lost.afterCommit);
          this.send(messages);
          return Promise.resolve();
        },
      },
      {
        advance: (_, progress, input, now) => interpreter.advance(progress as Progress<Trip>, input, now),
        messagesOf: (_, progress) => interpreter.messagesOf(progress as Progress<Trip>),
        isProvedByWrite: (verdict) => verdict === 'applied' || interpreter.memoryFault === 'any verdict is believed',
      },
    );
  }

  /** One of the instances hears of it; it may die, or lose its connection, before or after its commit. */
  private async move(id: string, input: Input, instance = this.random.between(0, 1)): Promise<void> {
    const isRedelivered = input.kind === 'reply' && this.random.chance(0.8);
    try {
      const [result] = await this.rows.hearing(instance, input, () => this.instances[instance]!.advance([{ sagaId: id, input }]));
      if (result?.verdict === 'failed') throw result.error;
      if (result?.verdict !== 'stale') return;
      this.seen.stale++;
      check(realInterpreter.advance(this.rows.read(id), input, this.now).verdict !== 'applied', `${id} ignored a reply that it waited for`);
    } catch (error) {
      if (!(error instanceof Lost)) throw error;
      if (this.random.chance(0.5)) this.instances[instance] = this.start(instance);
      if (isRedelivered) this.later(this.random.between(1, 3_000), () => this.move(id, input));
      if (input.kind === 'tick' && error === Lost.beforeCommit) this.scheduleSweep(this.rows.read(id));
    }
  }

  private committed({ id, before, after }: SagaChange, input: Input): void {
    const [was, is] = [before, after] as [Progress<Trip>, Progress<Trip>];
    check(!hasEnded(was), `${id} moved after its end`);
    check(!isMovedByStale(was, input), `${id} was moved by a reply that it did not wait for`);
    check(
      !isOutOfTurn(was, input, is),
      `${id} was refused for its voucher although its seats were asked for and might have been refused before`,
    );
    if (input.kind === 'cancel' && is.reason?.code === 'CANCELLED') this.trips.get(id)!.cancelled = true;
    if (hasEnded(is)) this.atEnd(is);
    if (isSilent(is) && !isSilent(was)) check(this.now < this.calmAt + 20_000, `${id} was parked although everybody answers`);
    this.scheduleSweep(is);
  }

  /** A buyer who hears that it has ended may buy again at once, so everything must be settled by now. */
  private atEnd(progress: Progress<Trip>): void {
    const { id, phase, reason } = progress;
    this.participants.closed.add(id);
    if (reason?.code === 'PAYMENT_TIMEOUT')
      check(this.now - this.trips.get(id)!.acceptedAt >= payableMs, `${id} was refused before its time was up`);
    const held = this.participants.heldBy(id);
    if (phase === 'refused') check(held.length === 0, `${id} was refused while it still held ${held.join(', ')}`);
    else check(!this.participants.reserved.has(id), `${id} was completed before its seats were sold`);
  }

  private send(messages: readonly Message[]): void {
    for (const message of messages) this.transmit(() => this.deliver(message));
  }

  private deliver(message: Message): void {
    if (message.undoes !== undefined && !this.participants.inbox.has(message.undoes)) this.seen.undoFirst++;
    const failing = this.calm && !this.faults.brokenForGood ? 0 : this.faults.failing;
    // A participant that dies before its commit has done nothing: the delivery comes again, or is lost.
    if (this.crashes()) {
      if (this.random.chance(0.7)) this.later(this.random.between(1, 4_000), () => this.deliver(message));
      return;
    }
    const reply = this.participants.handle(message, failing);
    this.transmit(() => this.move(message.sagaId, { kind: 'reply', commandId: message.commandId, reply }));
  }

  private transmit(arrive: () => void | Promise<void>): void {
    const { random, faults, calm } = this;
    const dropped = !calm && random.chance(faults.drop);
    if (dropped) this.seen.dropped++;
    else this.later(this.delay(), arrive);
    if (!calm && random.chance(faults.repeat)) {
      this.seen.repeated++;
      this.later(this.delay(), arrive);
    }
  }

  private delay(): number {
    const { random, faults, calm } = this;
    return !calm && random.chance(faults.slow) ? random.between(1, 60_000) : random.between(1, 300);
  }

  private crashes(): boolean {
    const crashed = !this.calm && this.random.chance(this.faults.crash);
    if (crashed) this.seen.crashed++;
    return crashed;
  }

  /** The sweep of some instance comes by a little after the saga is due; a parked one is retried by a person, sooner or later. */
  private scheduleSweep(progress: Progress<Trip>): void {
    const { id, nextAt } = progress;
    if (nextAt !== null) this.later(Math.max(0, nextAt - this.now) + this.random.between(0, 2_000), () => this.move(id, { kind: 'tick' }));
    if (stuckOf(progress) && !(this.faults.brokenForGood && this.calm)) {
      this.later(Math.max(0, this.calmAt - this.now) + this.random.between(1, 100_000), () => this.move(id, { kind: 'retry' }));
    }
  }

  private checkAtRest(id: string, { trip, cancelled }: { trip: Trip; cancelled: boolean }): void {
    const progress = this.rows.read(id);
    const { participants, seen } = this;
    const held = participants.heldBy(id);
    const end = endOf(bookTrip, progress);
    if (end?.outcome === 'completed') {
      seen.completed++;
      check(!cancelled, `${id} was completed although its cancellation had been accepted`);
      check(participants.sold.get(id) === trip.seats, `${id} is completed without its seats`);
      check(participants.debits.get(id) === trip.price, `${id} is completed but not paid`);
      check(participants.guided.has(id), `${id} is completed without its guide`);
      check(trip.voucher === undefined || participants.vouchers.get(trip.voucher)?.by === id, `${id} is completed without its voucher`);
    } else if (end) {
      seen.refused++;
      check(held.length === 0 && !participants.sold.has(id), `${id} is refused and has ${held.join(', ')}`);
    } else {
      seen.parked++;
      check(stuckOf(progress) !== null, `${id} is neither ended nor parked`);
      check(this.faults.brokenForGood, `${id} stays parked though everything works`);
      const isPaid = participants.debits.has(id);
      if (isPaid)
        check(participants.guided.has(id) && (participants.reserved.has(id) || participants.sold.has(id)), `${id} is paid and was undone`);
      else check(!participants.sold.has(id), `${id} is sold and not paid`);
    }
  }

  private later(delayMs: number, run: () => void | Promise<void>): void {
    this.events.push(this.now + delayMs, run);
  }
}

/** Moved by an answer to something that was not asked, or to a former attempt. A wait may end by any input that comes after its deadline. */
const isMovedByStale = ({ id, phase, steps }: Progress, input: Input): boolean =>
  input.kind === 'reply' &&
  phase !== 'waiting' &&
  !Object.entries(steps).some(
    ([key, { state, attempt }]) => input.commandId === `${id}/${key}${state.startsWith('undo') ? '.undo' : ''}/${attempt}`,
  );

/** Refused by the voucher's answer while that to the seats, which counts before it, was still on its way. */
const isOutOfTurn = (before: Progress, input: Input, { reason }: Progress): boolean =>
  before.reason === undefined &&
  reason?.code === 'VOUCHER_TAKEN' &&
  input.kind === 'reply' &&
  input.commandId.includes('/reserve.voucher/') &&
  before.steps['reserve.seats']?.state === 'asked';

const isSilent = ({ steps }: Progress): boolean => Object.values(steps).some(({ state }) => state === 'silent' || state === 'undo-silent');
