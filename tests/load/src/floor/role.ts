// One process of the floor: `node role.ts <role>`, with its setting in FLOOR. It ends with whoever has started it.
import { openDatabase } from '@jumun/service-kit';
import { gateway } from './gateway.ts';
import { orchestrator } from './orchestrator.ts';
import { coupon, inventory, wallet } from './participants.ts';
import { type Role, settingOf } from './setting.ts';

const roles: Record<Role, typeof wallet> = { wallet, inventory, coupon, orchestrator, gateway };
const setting = settingOf(process.env);

process.once('disconnect', () => process.exit());
await roles[process.argv[2] as Role](setting, openDatabase(setting.databaseUrl));
process.send?.('ready');
