import { descriptorSetOf } from '../test/descriptor-set.ts';
import { splitDescriptorSet } from './descriptor-set.ts';
import { targetOf } from './grpc-channel.ts';

it('names several addresses in one target', () => {
  expect(targetOf(['127.0.0.1:1', ' 127.0.0.1:2'])).toBe('ipv4:127.0.0.1:1,127.0.0.1:2');
  expect(targetOf(['wallet:5001'])).toBe('dns:///wallet:5001');
  expect(() => targetOf(['a:1', 'b:1'])).toThrow('must be IPv4');
  expect(() => targetOf([''])).toThrow('needs an address');
});

it('splits a descriptor set into its files', () => {
  const files = [Buffer.from('short'), Buffer.alloc(300, 7)];
  expect(splitDescriptorSet(descriptorSetOf(files))).toEqual(files);
});
