import { catalog, enumName, refusal, type refusals } from '@jumun/protos';
import { type Database, type FreshCall, newId, onceEach, type Outcome, type Tx } from '@jumun/service-kit';

type Call = catalog.CreateProductRequest;

const codec = {
  encode: (product: catalog.Product): string => JSON.stringify(catalog.Product.toJSON(product)),
  decode: (stored: string): catalog.Product => catalog.Product.fromJSON(JSON.parse(stored)),
};

const INSERT_PRODUCT = 'INSERT INTO products (id, name, description, category, price, status, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)';
const INSERT_OPTION = 'INSERT INTO product_options (id, product_id, position, name, price, created_at) VALUES (?, ?, ?, ?, ?, ?)';
const INSERT_STOCK = 'INSERT INTO stock (option_id, product_id, available) VALUES (?, ?, ?)';
const INSERT_INITIAL = "INSERT INTO stock_movements (option_id, type, delta, on_hand_after, cause_id) VALUES (?, 'INITIAL', ?, ?, ?)";

const write = (tx: Tx, id: string, call: Call): catalog.Product => {
  const { name, description, category, price, status } = call;
  const createdAt = new Date();
  void tx.execute(INSERT_PRODUCT, [
    id,
    name,
    description ?? null,
    category ?? null,
    price,
    enumName(catalog.ProductStatus, status),
    createdAt,
  ]);
  const options = call.options.map((option, position) => {
    const optionId = newId();
    void tx.execute(INSERT_OPTION, [optionId, id, position, option.name, option.price ?? null, createdAt]);
    void tx.execute(INSERT_STOCK, [optionId, id, option.stock]);
    void tx.execute(INSERT_INITIAL, [optionId, option.stock, option.stock, optionId]);
    return { id: optionId, name: option.name, price: option.price ?? price, stock: option.stock, onHand: option.stock, reserved: 0 };
  });
  const stock = options.reduce((sum, option) => sum + option.stock, 0);
  const shown = status === catalog.ProductStatus.ON_SALE && stock === 0 ? catalog.ProductStatus.SOLD_OUT : status;
  return catalog.Product.fromPartial({ id, name, description, category, price, status: shown, stock, options, version: 1, createdAt });
};

/** A product with its options, their stock and the first entry of their movements. */
export const createProduct = async (db: Database, call: Call): Promise<Outcome<catalog.Product, refusals.Refusal>> => {
  const [outcome] = await onceEach<Call, catalog.Product, refusals.Refusal>(db, [call], {
    keyOf: ({ idempotency }) => idempotency,
    run: async (tx, calls: readonly FreshCall<Call>[]) => calls.map(({ call: fresh, effectId }) => write(tx, effectId, fresh)),
    codec,
    reused: refusal('idempotencyKeyReused'),
    inProgress: refusal('idempotencyInProgress'),
  });
  return outcome as Outcome<catalog.Product, refusals.Refusal>;
};
