import type { FastifyInstance } from 'fastify';
import { parseJson } from './strict-json.ts';

/** 256 KiB. The largest sensible body, an order of 100 lines, has some 8 KiB. */
export const BODY_BYTES_MAX = 256 * 1024;

const PLAIN = 'application/json';
const UTF8 = /;\s*charset\s*=\s*"?utf-?8"?\s*(;|$)/i;

const isPlainJson = (contentType: string): boolean =>
  contentType === PLAIN || !/;\s*charset\s*=/i.test(contentType) || UTF8.test(contentType);

/** JSON in UTF-8 and nothing else: every other type of body, charset or compression is a 415. */
export const useJsonParser = (server: FastifyInstance): void => {
  server.removeAllContentTypeParsers();
  server.addContentTypeParser(PLAIN, { parseAs: 'buffer', bodyLimit: BODY_BYTES_MAX }, (request, bytes, done) => {
    const { 'content-type': type = '', 'content-encoding': encoding = 'identity' } = request.headers;
    if (!isPlainJson(type) || encoding.toLowerCase() !== 'identity')
      return done(Object.assign(new Error('not plain JSON'), { code: 'UNSUPPORTED_MEDIA_TYPE' }), undefined);
    done(null, parseJson(bytes as Buffer));
  });
};
