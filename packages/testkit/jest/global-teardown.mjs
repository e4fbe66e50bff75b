/** Ends what the set-up started, and nothing else. */
export default async function globalTeardown() {
  await globalThis.jumunTestInfra?.stop();
}
