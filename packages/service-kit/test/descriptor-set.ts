/** Encodes files as a `FileDescriptorSet` would be. */
export const descriptorSetOf = (files: readonly Buffer[]): Buffer =>
  Buffer.concat(
    files.flatMap((file) => [
      Buffer.from(file.length < 128 ? [0x0a, file.length] : [0x0a, (file.length & 0x7f) | 0x80, file.length >> 7]),
      file,
    ]),
  );
