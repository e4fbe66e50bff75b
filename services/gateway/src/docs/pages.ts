import type { RouteHandlerMethod } from 'fastify';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Route } from '../http/route.ts';
import { errorsPage } from './errors-page.ts';
import { openApiOf } from './openapi.ts';

const swaggerUi = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));

const tryItPage = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Jumun API</title>
<link rel="stylesheet" href="/docs/swagger-ui.css"><link rel="icon" href="/docs/favicon.png"></head>
<body><div id="ui"></div><script src="/docs/swagger-ui.js"></script><script src="/docs/start.js"></script></body>
</html>
`;
const startScript = `SwaggerUIBundle({ url: '/openapi.json', dom_id: '#ui', deepLinking: true, tryItOutEnabled: true, validatorUrl: null });\n`;
const pageStyle = `body { font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; color: #1f2328; background: #fff }
code { font-size: .9em; background: #f3f4f6; padding: .1em .3em; border-radius: .3em }
h2 { font-size: 1.05rem; margin: 2rem 0 .3rem } h2 a { color: inherit; text-decoration: none } h2 small { color: #59636e; font-weight: normal }
section:target { outline: 2px solid #0969da; outline-offset: .6rem; border-radius: .3rem }
@media (prefers-color-scheme: dark) { body { color: #e6edf3; background: #0d1117 } code { background: #21262d } h2 small { color: #9198a1 } }
`;

/** Everything comes from here: no other host is asked, no script stands inside a page. Swagger UI sets styles of elements. */
const POLICY = "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'";

const page =
  (type: string, content: () => string | Buffer): RouteHandlerMethod =>
  (_request, reply) =>
    reply
      .headers({
        'content-type': type,
        'cache-control': 'max-age=300',
        'content-security-policy': POLICY,
        'x-content-type-options': 'nosniff',
      })
      .send(content());

const file = (name: string): (() => Buffer) => {
  let content: Buffer | undefined; // read when it is first asked for, which on most instances is never
  return () => (content ??= readFileSync(join(swaggerUi, name)));
};

/** The document, the try-it page and the list of problems. */
export const docPages = (routes: readonly Route[]): Record<string, RouteHandlerMethod> => {
  const document = JSON.stringify(openApiOf(routes), null, 2);
  const errors = errorsPage();
  const html = 'text/html; charset=utf-8';
  return {
    '/openapi.json': page('application/json; charset=utf-8', () => document),
    '/docs': page(html, () => tryItPage),
    '/docs/errors': page(html, () => errors),
    '/docs/page.css': page('text/css; charset=utf-8', () => pageStyle),
    '/docs/start.js': page('text/javascript; charset=utf-8', () => startScript),
    '/docs/swagger-ui.js': page('text/javascript; charset=utf-8', file('swagger-ui-bundle.js')),
    '/docs/swagger-ui.css': page('text/css; charset=utf-8', file('swagger-ui.css')),
    '/docs/favicon.png': page('image/png', file('favicon-32x32.png')),
  };
};
