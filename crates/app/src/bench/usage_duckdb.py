"""Monthly statements of use from one FOCUS bill with DuckDB: the peer of `yunjin bench usage`."""

import json
import sys
import time

import duckdb

bill = sys.argv[1]
TEXT = [
    "BillingAccountId", "BillingAccountName", "SubAccountId", "ProviderName", "PublisherName", "InvoiceIssuerName",
    "InvoiceId", "ChargeCategory", "ChargeClass", "ChargeFrequency", "ChargeDescription", "ServiceCategory",
    "ServiceName", "ResourceId", "ResourceType", "SkuId", "RegionId", "ConsumedUnit", "PricingUnit", "BillingCurrency",
    "Tags",
]
TIME = ["BillingPeriodStart", "BillingPeriodEnd", "ChargePeriodStart", "ChargePeriodEnd"]
NUMBER = [
    "ConsumedQuantity", "PricingQuantity", "ListUnitPrice", "ListCost", "ContractedCost", "BilledCost", "EffectiveCost",
]
if bill.endswith(".csv"):
    types = {**{c: "VARCHAR" for c in TEXT}, **{c: "TIMESTAMP" for c in TIME}, **{c: "DECIMAL(18,6)" for c in NUMBER}}
    source = f"read_csv('{bill}', header = true, types = {types})"
else:
    source = f"read_parquet('{bill}')"

# Midnight in Beijing is 16:00 UTC of the day before. Real use: usage, no correction, a resource, a positive quantity.
# A service has one unit in this bill, so one sum of quantities stands for a sum by unit.
STATEMENTS = f"""
WITH bill AS (
    SELECT *, CAST(ChargePeriodStart AS TIMESTAMP) + INTERVAL 8 HOUR AS starts,
           coalesce(ChargeClass, '') = 'Correction' AS corrects,
           ChargeCategory = 'Usage' AND coalesce(ChargeClass, '') <> 'Correction' AND ResourceId IS NOT NULL
               AND ConsumedQuantity > 0 AS used
    FROM {source}
)
SELECT BillingAccountId, coalesce(SubAccountId, '') AS sub_account, ProviderName, ServiceName, ServiceCategory,
       BillingCurrency, date_trunc('month', starts) AS month, count(*) AS bill_rows,
       bit_count(bit_or(CASE WHEN used THEN 1::UINTEGER << (day(starts) - 1)::UINTEGER ELSE 0::UINTEGER END)) AS active_days,
       count(DISTINCT ResourceId) FILTER (used) AS resources,
       count(DISTINCT (24 * day(starts) + hour(starts))::USMALLINT)
           FILTER (used AND ChargePeriodEnd <= ChargePeriodStart + INTERVAL 1 HOUR) AS active_hours,
       any_value(ConsumedUnit) AS unit, sum(ConsumedQuantity) FILTER (used) AS quantity,
       sum(BilledCost) FILTER (NOT corrects AND ChargeCategory IN ('Usage', 'Purchase')) AS gross,
       sum(BilledCost) FILTER (NOT corrects AND ChargeCategory = 'Tax') AS tax,
       sum(BilledCost) FILTER (NOT corrects AND ChargeCategory = 'Credit') AS credits,
       sum(BilledCost) FILTER (NOT corrects AND ChargeCategory = 'Adjustment') AS adjustments,
       sum(BilledCost) FILTER (corrects) AS corrections,
       sum(BilledCost) FILTER (corrects OR ChargeCategory <> 'Tax') AS net,
       sum(EffectiveCost) AS effective,
       min(ChargePeriodStart) FILTER (used) AS first_use, max(ChargePeriodEnd) FILTER (used) AS last_use
FROM bill GROUP BY ALL
"""

db = duckdb.connect()
db.execute("SET threads = 2")
db.execute("SET preserve_insertion_order = false")
begun = time.perf_counter()
db.execute(f"CREATE TEMP TABLE statement AS {STATEMENTS}")
seconds = time.perf_counter() - begun
found = db.execute(
    "SELECT sum(bill_rows), count(*), sum(net) * 1000000, sum(resources), sum(active_days), sum(active_hours) FROM statement"
).fetchone()
peak = next((line for line in open("/proc/self/status") if line.startswith("VmHWM:")), "VmHWM: 0 kB")
names = ["rows", "statements", "net_micro", "resources", "active_days", "active_hours"]
print(json.dumps({**dict(zip(names, map(int, found))), "seconds": seconds, "peak_mib": int(peak.split()[1]) // 1024}))
