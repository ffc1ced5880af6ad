import { Controller, Get, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { Role } from '../config/key.js';
import { Describe } from '../http/openapi/describe.js';
import { Route } from '../http/routes/route.decorator.js';
import { READ_ME } from './me.docs.js';
import { VERSION } from './version.js';

interface Me {
  readonly actor: string;
  readonly role: Role;
  readonly version: string;
}

/** Who the key or the session of a request belongs to, so that a page shows what its reader may do. */
@Controller('admin/me')
export class MeController {
  @Get()
  @Describe(READ_ME)
  @Route({ access: 'admin', role: 'viewer' })
  me(@Req() { actor, role = 'admin' }: FastifyRequest): Me {
    return { actor, role, version: VERSION };
  }
}
