import { type CanActivate, type ExecutionContext, Injectable, UnauthorizedException } from '@nestjs/common';

/** Stands in for a real sign-in: it believes the name that a caller gives. What it turns away is never counted. */
@Injectable()
export class SignInGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { headers } = context.switchToHttp().getRequest<{ headers: Readonly<Record<string, unknown>> }>();
    if (headers['x-user']) return true;
    throw new UnauthorizedException('Say who you are in the header x-user.');
  }
}
