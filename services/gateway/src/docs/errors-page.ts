import { problemKinds } from '../problems/catalogue.ts';

const escape = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
const marked = (text: string): string => escape(text).replaceAll(/`([^`]+)`/g, '<code>$1</code>');

const entry = ([code, { status, title, meaning, data = [] }]: [string, (typeof problemKinds)[keyof typeof problemKinds]]): string => `
<section id="${code}">
<h2><a href="#${code}">${code}</a> <small>${status} ${escape(title)}</small></h2>
<p>${marked(meaning)}</p>${data.length === 0 ? '' : `\n<p>Brings along: ${data.map((name) => `<code>${name}</code>`).join(', ')}.</p>`}
</section>`;

/** Every code that a problem may have, each with an anchor: what the `type` of a problem leads to. */
export const errorsPage = (): string => `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Jumun: problems</title><link rel="stylesheet" href="/docs/page.css"></head>
<body>
<h1>Problems</h1>
<p>Every error is <code>application/problem+json</code> (RFC 9457): <code>type</code> (a link to this page), <code>title</code>, <code>status</code>,
<code>detail</code>, <code>code</code>, <code>requestId</code>, and what the code brings along. Branch on <code>code</code>.
<a href="/docs">All calls</a></p>${Object.entries(problemKinds).map(entry).join('')}
</body>
</html>
`;
