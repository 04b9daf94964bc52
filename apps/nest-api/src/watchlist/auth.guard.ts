import {
  type CanActivate,
  createParamDecorator,
  type ExecutionContext,
  Injectable,
  UnauthorizedException,
} from '@nestjs/common'
import { Database } from '../database/database.ts'

/** Knows travellers by their bearer token. */
@Injectable()
export class AuthGuard implements CanActivate {
  constructor(private readonly database: Database) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest()
    const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1]
    const [found] = token
      ? await this.database.query<{ id: string }>('SELECT id FROM travellers WHERE token = $1', [token])
      : []
    if (!found) throw new UnauthorizedException()
    request.user = found
    return true
  }
}

export const Traveller = createParamDecorator(
  (_data: unknown, context: ExecutionContext): string => context.switchToHttp().getRequest().user.id,
)
