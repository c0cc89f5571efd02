import { expect, it } from 'vitest';
import { parseEndpoint } from './endpoint.ts';

it('reads tcp and ipc endpoints', () => {
  expect(parseEndpoint('tcp://exflong01.desy.de:4545')).toEqual({
    transport: 'tcp',
    host: 'exflong01.desy.de',
    port: 4545,
  });
  expect(parseEndpoint('tcp://*:*')).toEqual({ transport: 'tcp', host: '*', port: 0 });
  expect(parseEndpoint('tcp://[::1]:1')).toEqual({ transport: 'tcp', host: '::1', port: 1 });
  expect(parseEndpoint('ipc:///tmp/bridge')).toEqual({ transport: 'ipc', path: '/tmp/bridge' });
  // A name without a file, as libzmq has it on Linux.
  expect(parseEndpoint('ipc://@bridge')).toEqual({ transport: 'ipc', path: '\0bridge' });
  expect(parseEndpoint(`ipc:///${'x'.repeat(106)}`)).toEqual({ transport: 'ipc', path: `/${'x'.repeat(106)}` });
});

it.each([
  ['tcp://host/4510', 'after a colon, not after a slash'],
  ['tcp://host:65536', 'above 65535'],
  ['tcp://host', 'form is wrong'],
  ['tcp://ho st:1', 'form is wrong'],
  ['tcp://:1', 'form is wrong'],
  ['host:1', 'form is wrong'],
  ['inproc://x', 'inproc is inside one program'],
  [`ipc:///${'x'.repeat(107)}`, 'path has 108 bytes, the system allows 107'],
  [`ipc:///${'\u00e9'.repeat(54)}`, 'path has 109 bytes, the system allows 107'],
  ['', 'form is wrong'],
])('%j is refused with its reason and the right form', (text, why) => {
  expect(() => parseEndpoint(text)).toThrow(why);
  expect(() => parseEndpoint(text)).toThrow(/Write tcp:\/\/host:port or ipc:\/\/\/path\./);
});
