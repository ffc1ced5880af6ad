import { MemoryStore } from '@sundial/engine';
import { createService, readSettings } from '@sundial/quota-service';

/** Sundial's service as it would be if its counters were kept in memory alone: what keeping them costs is the rest. */
const open = MemoryStore.open.bind(MemoryStore);
MemoryStore.open = ({ directory: _directory, ...options } = {}) => open(options);

const settings = readSettings(process.env);
const service = await createService(settings);
await service.listen(settings.port, settings.host);
process.on('SIGTERM', () => process.exit());
