// Loaded into every script that run.mjs starts. run.mjs cannot forward a SIGKILL, but the channel
// between the two then closes.
process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'))
process.channel?.unref()
