import { readFileSync } from 'node:fs';

/** The contracts as they describe themselves: a `google.protobuf.FileDescriptorSet`, written by the build. What gRPC reflection tells. */
export const descriptorSet = (): Uint8Array => readFileSync(new URL('../dist/descriptors.binpb', import.meta.url));
