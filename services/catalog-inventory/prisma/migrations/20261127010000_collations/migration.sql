-- utf8mb4 by itself compares and sorts otherwise on MySQL than on MariaDB, whose default takes all emoji for one. These collations both have.
-- A category is what it is, to the letter. Texts for readers are found and sorted without regard to case and accents.
ALTER TABLE products
  DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci,
  MODIFY name        VARCHAR(100)  CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci NOT NULL,
  MODIFY description TEXT          CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci NULL,
  MODIFY category    VARCHAR(100)  CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL;

ALTER TABLE product_options
  DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci,
  MODIFY name        VARCHAR(100)  CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci NOT NULL;

ALTER TABLE stock_movements
  DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci,
  MODIFY reason      VARCHAR(200)  CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci NULL;
