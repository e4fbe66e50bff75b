/** Golden samples (style §15): every message of ours, encoded, in each form that it ever had. What an old instance wrote must stay readable. */
import {
  createFileRegistry,
  type DescEnum,
  type DescField,
  type DescMessage,
  type FileRegistry,
  fromBinary,
  ScalarType,
  toBinary,
} from '@bufbuild/protobuf';
import { reflect, type ReflectMessage } from '@bufbuild/protobuf/reflect';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { descriptorSet } from '@jumun/protos';

/** By full name: base64, the oldest form first. */
export type Samples = Readonly<Record<string, readonly string[]>>;

const SECONDS = 1_795_737_600n;
const REPEATED = [0, 1];

const scalar = ({ name, number }: DescField, type: ScalarType, nth: number): unknown => {
  switch (type) {
    case ScalarType.STRING:
      return `${name} 값 ${nth + 1}`;
    case ScalarType.BOOL:
      return true;
    case ScalarType.BYTES:
      return Uint8Array.of(number, nth, 255);
    case ScalarType.INT64:
    case ScalarType.SINT64:
      return 1_000_000_000_000n + BigInt(number * 10 + nth);
    case ScalarType.INT32:
    case ScalarType.UINT32:
      return number * 1_000 + nth;
    default:
      throw new Error(`There is no sample value for a field like ${name} (${ScalarType[type]}) yet: teach protos/test/samples.ts one.`);
  }
};

const lastOf = ({ values }: DescEnum): number => values.at(-1)?.number ?? 0;

/** All fields set, two elements in every list; of each oneof the case number `choice`, or its first where it has no more. */
const filled = (desc: DescMessage, choice: number, nth = 0): ReflectMessage => {
  const message = reflect(desc);
  const chosen = new Set(desc.oneofs.map(({ fields }) => fields[choice] ?? fields[0]));
  for (const field of desc.fields) {
    if (field.oneof !== undefined && !chosen.has(field)) continue;
    if (field.fieldKind === 'list') {
      const list = message.get(field);
      for (const each of REPEATED) list.add(elementOf(field, each));
    } else message.set(field, elementOf(field, nth));
  }
  return message;
};

const elementOf = (field: DescField, nth: number): never => {
  if (field.message?.typeName === 'google.protobuf.Timestamp') return instant(field.message, field.number) as never;
  if (field.message !== undefined && field.fieldKind !== 'map') return filled(field.message, 0, nth) as never;
  if (field.enum !== undefined && field.fieldKind !== 'map') return lastOf(field.enum) as never;
  if (field.scalar !== undefined && field.fieldKind !== 'map') return scalar(field, field.scalar, nth) as never;
  throw new Error(`There is no sample value for a field like ${field.name} yet: teach protos/test/samples.ts one.`);
};

/** To the millisecond, as our codec has it. */
const instant = (desc: DescMessage, number: number): ReflectMessage => {
  const message = reflect(desc);
  message.set(desc.field['seconds'] as DescField, SECONDS as never);
  message.set(desc.field['nanos'] as DescField, (number * 1_000_000) as never);
  return message;
};

const described = (): FileRegistry => createFileRegistry(fromBinary(FileDescriptorSetSchema, descriptorSet()));

/** Every message as it is today, filled: one sample, and where it has a oneof, one of each case. */
export const samplesOfToday = (): Samples =>
  Object.fromEntries(
    [...described()]
      .filter((desc) => desc.kind === 'message')
      .filter(({ typeName }) => typeName.startsWith('jumun.'))
      .sort((a, b) => (a.typeName < b.typeName ? -1 : 1))
      .map((desc) => {
        const cases = Math.max(1, ...desc.oneofs.map(({ fields }) => fields.length));
        const messages = Array.from({ length: cases }, (_, choice) => filled(desc, choice).message);
        return [desc.typeName, messages.map((message) => Buffer.from(toBinary(desc, message)).toString('base64'))];
      }),
  );
