/** The files of an encoded `google.protobuf.FileDescriptorSet`: its only field (1, length-delimited) once per file. */
export const splitDescriptorSet = (set: Uint8Array): Buffer[] => {
  const bytes = Buffer.from(set.buffer, set.byteOffset, set.byteLength);
  const files: Buffer[] = [];
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = bytes.readUInt8(at++);
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
  };
  while (at < bytes.length) {
    if (varint() !== 0x0a) throw new Error('not a FileDescriptorSet');
    const size = varint();
    files.push(bytes.subarray(at, at + size));
    at += size;
  }
  return files;
};
