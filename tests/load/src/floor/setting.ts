/** The processes of the floor, in the order in which they are started: who is asked comes before who asks. */
export const ROLES = ['wallet', 'inventory', 'coupon', 'orchestrator', 'gateway'] as const;
export type Role = (typeof ROLES)[number];

/** What each of them gets, as JSON in `FLOOR`. */
export interface FloorSetting {
  readonly databaseUrl: string;
  readonly brokers: readonly string[];
  /** Stands before the topics, so that runs can share a broker. */
  readonly topicPrefix: string;
  /** Where each of them listens on the loopback. */
  readonly ports: Readonly<Record<Role, number>>;
  readonly jwtSigningKey: string;
}

export const settingOf = (env: NodeJS.ProcessEnv): FloorSetting => JSON.parse(env['FLOOR'] ?? '{}') as FloorSetting;

/** One topic of commands for each participant, one of replies, one of what has happened. */
export const TOPICS = ['wallet', 'inventory', 'coupon', 'replies', 'events'] as const;
export type Topic = (typeof TOPICS)[number];

export interface Message {
  readonly id: string;
  readonly type: string;
  readonly orderId: string;
}

export interface Command extends Message {
  readonly userId: string;
  readonly optionId: string;
  readonly quantity: number;
  readonly total: number;
  readonly couponId: string;
}

export interface Reply extends Message {
  readonly commandId: string;
}

/** What a customer asks for. */
export interface Order {
  readonly key: string;
  readonly userId: string;
  readonly optionId: string;
  readonly quantity: number;
  readonly couponId?: string;
}
