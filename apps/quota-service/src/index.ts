export { createService } from './service.js';
export { ConfigurationError, readSettings, type Settings } from './settings/settings.js';
