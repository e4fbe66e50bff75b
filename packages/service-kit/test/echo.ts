/** A service as the code generator writes one, with JSON for protobuf. */
export interface Saying {
  $type: 'kit.test.v1.Saying';
  text: string;
}

const encode = (value: Saying): Buffer => Buffer.from(JSON.stringify({ text: value.text }));
const decode = (bytes: Buffer): Saying => ({ $type: 'kit.test.v1.Saying', text: (JSON.parse(bytes.toString()) as { text: string }).text });
const codec = { requestSerialize: encode, requestDeserialize: decode, responseSerialize: encode, responseDeserialize: decode };

export const EchoService = {
  say: { path: '/kit.test.v1.Echo/Say', requestStream: false as const, responseStream: false as const, ...codec },
  chat: { path: '/kit.test.v1.Echo/Chat', requestStream: true as const, responseStream: true as const, ...codec },
};

export const EchoClient = { service: EchoService, serviceName: 'kit.test.v1.Echo' };
