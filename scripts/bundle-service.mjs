import bundleService from './service-bundle.mjs';

await bundleService();
