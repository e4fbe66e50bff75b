import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

it('writes JSON lines with the trace at hand and without secrets', () => {
  const kit = fileURLToPath(new URL('../dist/index.js', import.meta.url));
  const code = `const { createLogger, withTrace } = await import(${JSON.stringify(kit)});
    const logger = createLogger('test', 'info');
    logger.debug('too fine');
    withTrace({ traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', requestId: 'r1' }, () =>
      logger.info({ orderId: 'o1', password: 'hush', request: { headers: { authorization: 'hush' } } }, 'placed'));`;
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8' });
  expect(output).not.toContain('hush');
  expect(JSON.parse(output)).toMatchObject({
    level: 'info',
    name: 'test',
    msg: 'placed',
    orderId: 'o1',
    trace_id: '0af7651916cd43dd8448eb211c80319c',
    request_id: 'r1',
  });
});
