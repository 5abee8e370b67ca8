//! Beginnings of every kind of CMS file, in our own words; the fuzz targets begin with them too.

/// The fixed-width list of codes.
pub const CODES: &str = "J9312001003Injection, examplemab, 10 mg\nJ9312002004more\n   JW001007Discarded\n";

/// Every table.
pub const TABLES: &[&str] = &[
    "HCPC,SEQNUM,RECID,LONG DESCRIPTION\nJ9312,10,3,\"x\ny\"\n",
    "CODE,ACTION,EFF DATE,SHORT DESC,LONG DESC\nJ1095,ADD CODE,43466,a,b\n",
    "HCPCS,LONG DESCRIPTION,ADD DATE,TERM DATE\nJ3490,x,19860101,20300101\n",
    "HCPCS Code,HCPCS Code Dosage,Payment Limit\nJ9312,10 MG,\"$1,137.892\"\n",
    "Drug Generic Name,Dosage,Payment Limit,Notes\nx,1 UNIT,$2.462,\n",
    "_2031_CODE,NDC2,Drug Name,HCPCS dosage,PKG SIZE,PKG QTY,BILLUNITS,BILLUNITSPKG\nJ9312,50242-0051-21,x,10 MG,10,1,10,10\n",
    "Drug Generic Name,NDC or ALTERNATE ID,Drug Name,Dosage,PKG SIZE,PKG QTY,BILLUNITS,BILLUNITSPKG\nx,81298-8552-03,x,1 UNIT,100,10,20,200\n",
    "hcpcs_code,mue_units,mue_mai,mue_service\nA4206,0,3,DME Supplier\n",
    "AOC_Edit_Type\tAdd-On_Code\tPrimary_Code\tAOC_Edit_EffDT\n1\t96415\t96413\t2013091\n",
    "96413\t36000\t \t20021001\t*\t1\tx\n96413\t96360\t*\t19960101\t20100331\t0\tx\n",
    "HCPCS Code,SI,Payment Rate,quarter\nJ9312,K,$75.2,2025-04\n",
];
