import { Client, credentials } from '@grpc/grpc-js';
import { createFileRegistry, fromBinary, type FileRegistry } from '@bufbuild/protobuf';
import { type FileDescriptorProto, FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { BinaryReader, BinaryWriter } from '@bufbuild/protobuf/wire';

/** How a gRPC server describes itself. */
export interface Reflection {
  /** Full name of each service → the paths of its methods. */
  readonly services: Readonly<Record<string, readonly string[]>>;
  /** Everything that the files of these services describe, linked as by a client that has no other knowledge of them. */
  readonly registry: FileRegistry;
}

/** `grpc.reflection.v1.ServerReflectionRequest`: one of its fields. */
type Question = { readonly listServices: string } | { readonly fileContainingSymbol: string };

const encode = (question: Question): Buffer => {
  const writer = new BinaryWriter();
  if ('listServices' in question) writer.uint32((7 << 3) | 2).string(question.listServices);
  else writer.uint32((4 << 3) | 2).string(question.fileContainingSymbol);
  return Buffer.from(writer.finish());
};

/** The length-delimited fields of a message with this number. */
const fields = (message: Uint8Array, wanted: number): Uint8Array[] => {
  const reader = new BinaryReader(message);
  const found: Uint8Array[] = [];
  while (reader.pos < reader.len) {
    const [number, wireType] = reader.tag();
    if (number === wanted) found.push(reader.bytes());
    else reader.skip(wireType);
  }
  return found;
};

/** Of a `ServerReflectionResponse`: the files, the names of services, or the error. */
const [FILES, SERVICES, ERROR] = [4, 6, 7];
const text = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString();

/** Asks the server at `address` (`host:port`) for its services and their descriptions, over `grpc.reflection.v1` and nothing else. */
export const reflect = async (address: string): Promise<Reflection> => {
  const client = new Client(address, credentials.createInsecure());
  const decode = (bytes: Buffer): Uint8Array => bytes;
  const path = '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo';
  const ask = (question: Question): Promise<Uint8Array> =>
    new Promise((resolve, reject) => {
      const call = client.makeBidiStreamRequest(path, encode, decode, { deadline: Date.now() + 10_000 });
      call.once('error', reject);
      call.once('data', (answer: Uint8Array) => {
        const [error] = fields(answer, ERROR);
        if (error === undefined) resolve(answer);
        else reject(new Error(`${JSON.stringify(question)}: ${text(fields(error, 2)[0])}`));
      });
      call.end(question);
    });
  try {
    const list = fields(await ask({ listServices: '*' }), SERVICES)[0] ?? new Uint8Array();
    const names = fields(list, 1).map((service) => text(fields(service, 1)[0]));
    const files = new Map<string, FileDescriptorProto>();
    for (const name of names)
      for (const answer of fields(await ask({ fileContainingSymbol: name }), FILES))
        for (const bytes of fields(answer, 1)) {
          const file = fromBinary(FileDescriptorProtoSchema, bytes);
          files.set(file.name, file);
        }
    const registry = linked(files);
    return { services: Object.fromEntries(names.map((name) => [name, pathsOf(registry, name)])), registry };
  } finally {
    client.close();
  }
};

/** Throws when a file names another that the server did not send. */
const linked = (files: ReadonlyMap<string, FileDescriptorProto>): FileRegistry => {
  const registries: FileRegistry[] = [];
  for (const file of files.values()) registries.push(createFileRegistry(file, (name) => files.get(name)));
  return createFileRegistry(...registries);
};

const pathsOf = (registry: FileRegistry, service: string): string[] => {
  const described = registry.getService(service);
  if (described === undefined) throw new Error(`${service} is listed and not described`);
  return described.methods.map(({ name }) => `/${service}/${name}`);
};
