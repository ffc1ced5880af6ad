import { Global, Module } from '@nestjs/common';
import { Registry } from 'prom-client';

/** The one registry of metrics, which every feature adds its own to. */
@Global()
@Module({ providers: [{ provide: Registry, useFactory: () => new Registry() }], exports: [Registry] })
export class RegistryModule {}
