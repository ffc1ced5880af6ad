export { createService } from './service.js';
export { ConfigurationError, readSettings, type Settings } from './config/settings.js';
