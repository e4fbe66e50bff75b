import type { Gateway } from '../src/gateway.ts';
import type { Answered } from './gateway.ts';

interface Header {
  readonly required?: boolean;
  readonly $ref?: string;
}
interface DocumentedAnswer {
  readonly headers?: Readonly<Record<string, Header>>;
  readonly content?: Readonly<Record<string, unknown>>;
}
interface Operation {
  readonly responses: Readonly<Record<string, DocumentedAnswer>>;
}
interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly headers: Readonly<Record<string, Header>> };
}

/** What HTTP itself adds, and caching, which is the same wherever the document says nothing about it. */
const UNSAID = new Set([
  'content-type',
  'content-length',
  'date',
  'connection',
  'keep-alive',
  'transfer-encoding',
  'cache-control',
  'vary',
]);

const operationIn = ({ paths }: Document, call: string): Operation | undefined => {
  const [method = '', url = ''] = call.split(' ');
  const path = url.split('?')[0] as string;
  const fits = (template: string): boolean => new RegExp(`^${template.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(path);
  const [, operations] =
    Object.entries(paths).find(([template]) => template === path) ?? Object.entries(paths).find(([template]) => fits(template)) ?? [];
  return operations?.[method === 'HEAD' ? 'get' : method.toLowerCase()];
};

const mistakesIn = (document: Document, { responses }: Operation, { status, headers }: Answered): string[] => {
  const answer = responses[status];
  if (answer === undefined) return [`${status} is not documented`];
  const documented = Object.entries(answer.headers ?? {}).map(([name, header]): [string, Header] => [
    name.toLowerCase(),
    header.$ref === undefined ? header : (document.components.headers[header.$ref.split('/').at(-1) as string] ?? {}),
  ]);
  const { 'content-type': contentType } = headers;
  const type = typeof contentType === 'string' ? contentType.split(';')[0] : undefined;
  return [
    ...(type === undefined || answer.content?.[type] !== undefined ? [] : [`${status} with ${type} is not documented`]),
    ...Object.keys(headers)
      .filter((name) => !UNSAID.has(name) && !documented.some(([known]) => known === name))
      .map((name) => `${status}: header ${name} is not documented`),
    ...documented
      .filter(([name, { required = false }]) => required && headers[name] === undefined)
      .map(([name]) => `${status}: header ${name} is missing`),
  ];
};

/** Compares answers with the document that the gateway serves. What it does not describe (pages, other methods) is passed over: undefined. */
export const openDocumented = async ({ app }: Gateway): Promise<(call: string, answer: Answered) => string[] | undefined> => {
  const { payload } = await app.inject({ method: 'GET', url: '/openapi.json' });
  const document = JSON.parse(payload) as Document;
  return (call, answer) => {
    const operation = operationIn(document, call);
    return operation && mistakesIn(document, operation, answer);
  };
};

type Ask<Asked> = (call: string, asked?: Asked) => Promise<Answered>;

/** Asks, and throws when the answer's status, type or headers are not what the document says. */
export const documentedAsker = async <Asked>(gateway: Gateway, ask: Ask<Asked>): Promise<Ask<Asked>> => {
  const compare = await openDocumented(gateway);
  return async (call, asked) => {
    const answer = await ask(call, asked);
    const mistakes = compare(call, answer) ?? [];
    if (mistakes.length > 0) throw new Error(`${call} is not answered as documented: ${mistakes.join('; ')}`);
    return answer;
  };
};
