import { catalog, enumName, keyRefusals, refusal, type refusals } from '@jumun/protos';
import { type Database, jsonCodec, newId, once, type Outcome } from '@jumun/service-kit';
import { ON_HAND_MAX } from '../stock.ts';
import { insertProduct, type NewProduct } from '../store/new-products.ts';
import { toProduct } from './product.ts';

type Call = catalog.CreateProductRequest;
const { ProductStatus } = catalog;

/** What only a caller who skips the gateway can send. */
const mistakesOf = ({ options, status }: Call): { path: string; message: string }[] => [
  ...(options.length === 0 ? [{ path: '/options', message: 'a product has one option at least' }] : []),
  ...(status === ProductStatus.SOLD_OUT ? [{ path: '/status', message: 'SOLD_OUT is never set: it follows from the stock' }] : []),
  ...options.flatMap(({ stock }, index) =>
    stock < 0 || stock > ON_HAND_MAX ? [{ path: `/options/${index}/stock`, message: `is 0 to ${ON_HAND_MAX}` }] : [],
  ),
];

const newProduct = (id: string, { name, description, category, price, status, options }: Call): NewProduct => ({
  id,
  name,
  description: description ?? null,
  category: category ?? null,
  price,
  status: status === ProductStatus.UNSPECIFIED ? 'ON_SALE' : enumName(ProductStatus, status),
  createdAt: new Date(),
  options: options.map((option) => ({ id: newId(), name: option.name, price: option.price ?? null, stock: option.stock })),
});

/** As it will be read from its rows. */
const asShown = (product: NewProduct): catalog.Product =>
  toProduct({
    ...product,
    version: 1,
    options: product.options.map(({ stock, ...option }) => ({ ...option, stock: { available: stock, reserved: 0 } })),
  });

/** A product with its options, their stock and the first entry of their movements. */
export const createProduct = async (db: Database, call: Call): Promise<Outcome<catalog.Product, refusals.Refusal>> => {
  const errors = mistakesOf(call);
  if (errors.length > 0) return { refused: refusal('invalidRequest', { errors }) };
  return once(db, {
    key: call.idempotency,
    run: (tx, id) => {
      const product = newProduct(id, call);
      insertProduct(tx, product);
      return Promise.resolve(asShown(product));
    },
    codec: jsonCodec(catalog.Product),
    ...keyRefusals,
  });
};
