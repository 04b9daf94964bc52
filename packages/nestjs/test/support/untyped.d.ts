declare module 'express-session'
declare module 'passport'
