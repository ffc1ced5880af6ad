import { Controller, Get, Header, Inject, NotFoundException, Param, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Route } from '../http/routes/route.decorator.js';
import { CONSOLE_FILES } from './tokens.js';
import type { ConsoleFiles } from './console-files.js';

/** Everything comes from this process, no script or style stands in the page itself, and no other page has it in a frame. */
const PAGE_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; " +
  "form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
/** Their names change with what they hold. */
const FOR_A_YEAR = 'public, max-age=31536000, immutable';

/** The operators' page. What it shows and does goes through the public API, with the session of its reader. */
@ApiExcludeController()
@Controller('console')
export class ConsoleController {
  constructor(@Inject(CONSOLE_FILES) private readonly files: ConsoleFiles | null) {}

  @Get()
  @Route({ access: 'open', admission: 'never' })
  @Header('content-security-policy', PAGE_POLICY)
  @Header('referrer-policy', 'no-referrer')
  @Header('cross-origin-opener-policy', 'same-origin')
  page(@Res({ passthrough: true }) reply: FastifyReply): Buffer {
    const { page } = this.built();
    reply.type(page.type);
    return page.bytes;
  }

  @Get('assets/:name')
  @Route({ access: 'open', admission: 'never' })
  asset(@Param('name') name: string, @Res({ passthrough: true }) reply: FastifyReply): Buffer {
    const asset = this.built().assets.get(name);
    if (asset === undefined) throw new NotFoundException();
    reply.type(asset.type).header('cache-control', FOR_A_YEAR);
    return asset.bytes;
  }

  private built(): ConsoleFiles {
    if (this.files === null) throw new NotFoundException();
    return this.files;
  }
}
