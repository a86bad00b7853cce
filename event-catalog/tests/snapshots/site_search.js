"use strict";
window.eventIndex = [
["bills.issued","billissued","site::program::billissued/nnumber/nsite::program::collect/nsite::program::file/nsite::program::number/na bill was issued."],
["bills.paid","billpaid","site::program::billpaid/nnumber"],
["post.label_printed","labelprinted","site::program::labelprinted/nsite::program::sort"],
["post.parcel_came","parcelcame","site::program::parcelcame/npost.parcel_arrived/nnumber/nsender/nsite::program::read_label/nsite::program::fetch/nsite::program::hand_out/nsite::program::notify/nsite::program::weigh/na parcel came."],
["post.parcel_lost","parcellost","site::program::parcellost"],
["post.parcel_sorted","sorted","site::program::sorted/ntown/n0/n1/naway/ntodoor/nkept/nsite::program::relabel/nwhat became of a parcel."],
["site::program::one::twin","twin","site::program::one::twin/nsite::program::one::greet"],
["site::program::other::twin","twin","site::program::other::twin/nsite::program::other::greet"],
["stamps.fee_raised","feeraised","site::program::feeraised/nsite::program::frank/nsite::program::stamp/nits handlers wait for each other, and it must have another."],
["stamps.sold_out","soldout","site::program::soldout/nnobody cares."]
];
