// Preloaded into the service by tests: blocks its event loop for as many milliseconds as each message says.
process.on('message', (milliseconds: number) => {
  const end = Date.now() + milliseconds;
  while (Date.now() < end);
});
process.channel?.unref();
