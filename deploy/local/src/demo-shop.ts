/** What the demo shop sells. Prices are won. */
export interface DemoProduct {
  name: string;
  description: string;
  category: string;
  price: number;
  options: readonly { name: string; price?: number; stock: number }[];
}

const one = (stock: number): DemoProduct['options'] => [{ name: '기본 Standard', stock }];

export const demoProducts: readonly DemoProduct[] = [
  {
    name: '제주 감귤 5kg · Jeju tangerines',
    description: 'Picked this week, sweet and thin-skinned.',
    category: '과일',
    price: 24_900,
    options: one(5_000),
  },
  {
    name: '청송 사과 3kg · Cheongsong apples',
    description: 'Crisp, from orchards at 400 m.',
    category: '과일',
    price: 21_500,
    options: one(5_000),
  },
  {
    name: '배추김치 · Napa cabbage kimchi',
    description: 'Fermented for ten days.',
    category: '반찬',
    price: 15_000,
    options: [
      { name: '1kg', stock: 3_000 },
      { name: '3kg', price: 39_000, stock: 2_000 },
    ],
  },
  { name: '명란젓 200g · Pollock roe', description: 'Lightly salted, from Goseong.', category: '반찬', price: 18_900, options: one(2_000) },
  {
    name: '유기농 현미 4kg · Organic brown rice',
    description: 'This year’s harvest.',
    category: '쌀·곡물',
    price: 23_000,
    options: one(4_000),
  },
  {
    name: '한우 불고기 500g · Hanwoo bulgogi',
    description: 'Marinated in pear and soy sauce.',
    category: '정육',
    price: 32_000,
    options: one(2_500),
  },
  {
    name: '보성 녹차 · Boseong green tea',
    description: 'First flush, hand-picked.',
    category: '차·커피',
    price: 28_000,
    options: [
      { name: '티백 Bags', stock: 3_000 },
      { name: '잎차 Leaves', price: 35_000, stock: 1_500 },
    ],
  },
  {
    name: '드립백 커피 20개 · Drip bag coffee',
    description: 'Roasted to order in Gangneung.',
    category: '차·커피',
    price: 19_800,
    options: one(6_000),
  },
  {
    name: '도자기 머그 · Icheon mug',
    description: 'Thrown by hand, celadon glaze.',
    category: '주방',
    price: 27_000,
    options: [
      { name: '청자 Celadon', stock: 1_000 },
      { name: '백자 White', stock: 1_000 },
    ],
  },
  {
    name: '뚝배기 · Earthenware pot',
    description: 'Keeps a stew boiling at the table.',
    category: '주방',
    price: 16_000,
    options: one(1_500),
  },
  { name: '누비 담요 · Quilted blanket', description: 'Cotton, washes well.', category: '생활', price: 59_000, options: one(800) },
  {
    name: '한정판 보자기 · Limited bojagi wrap',
    description: 'Two pieces, and no more.',
    category: '생활',
    price: 45_000,
    options: one(2),
  },
];

/** The one of which there are never enough. */
export const scarceProduct = '한정판 보자기 · Limited bojagi wrap';

export const demoCoupon = {
  name: '첫 주문 10% · Ten per cent off the first order',
  discount: { type: 'PERCENT', value: 10, maxDiscount: 10_000 },
  totalQuantity: 1_000,
} as const;

export const demoCustomers = [
  { loginId: 'minji', name: '김민지', charge: 1_000_000 },
  { loginId: 'junho', name: '이준호', charge: 500_000 },
  { loginId: 'seoyeon', name: '박서연', charge: 10_000 },
] as const;
