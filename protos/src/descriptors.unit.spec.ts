import { createFileRegistry, fromBinary } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { descriptorSet, messageTypeRegistry } from './index.ts';

test('every message that has a codec is described, and every file that another one needs is there', () => {
  const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, descriptorSet()));
  const described = [...messageTypeRegistry.keys()].filter((name) => name.startsWith('jumun.') && registry.getMessage(name) !== undefined);
  expect(described).toEqual([...messageTypeRegistry.keys()].filter((name) => name.startsWith('jumun.')));
  expect(described.length).toBeGreaterThan(50);
});
