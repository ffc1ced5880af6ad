import type { DynamicModule } from '@nestjs/common';
import { ConfigModule, registerAs } from '@nestjs/config';
import type { Settings } from './settings.js';

/** Gives every module the settings, which `main.ts` has read before anything is opened. */
export function settingsModule(settings: Settings): Promise<DynamicModule> {
  return ConfigModule.forRoot({
    isGlobal: true,
    load: [registerAs('settings', () => settings)],
    ignoreEnvFile: true,
    ignoreEnvVars: true,
  });
}
