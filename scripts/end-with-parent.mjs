// Loaded into every script that run.mjs starts. SIGKILL tells run.mjs nothing that it could pass
// on; the end of the channel between the two does.
process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'))
process.channel?.unref()
